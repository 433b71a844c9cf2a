;;; lsp-mode, set up as docs/editors/emacs.md says.  -*- lexical-binding: t -*-

(load (expand-file-name "common.el" (file-name-directory load-file-name)) nil t)
(require 'lsp-mode)
(setq lsp-auto-guess-root t
      lsp-enable-snippet nil
      lsp-enable-file-watchers nil
      lsp-restart 'ignore)
(load (getenv "INIT") nil t)

(defun marked (code)
  (cl-some (lambda (mark) (string-match-p code (concat (lsp:diagnostic-code? mark) (lsp:diagnostic-message mark))))
           (gethash (lsp--fix-path-casing buffer-file-name) (lsp-diagnostics))))

(find-file (getenv "TARGET"))
(lsp)
(await #'lsp-workspaces "the server runs")
(await (lambda () (and (marked "KM209") (marked "KM207"))) "two findings are marked")
(await (lambda () (with-current-buffer "*lsp-log*" (and (has "target_gpu='T4'") (has "hints=False"))))
       "the settings are in force")
(goto-char (point-min))
(search-forward "ds.map")
(need (cl-find-if (lambda (action) (string-match-p "num_parallel_calls" (lsp:code-action-title action)))
                  (lsp-code-actions-at-point))
      "a fix is offered")
(save-excursion
  (goto-char (point-max))
  (insert "\n")) ; only what was changed is saved
(save-buffer)
(need (on-disk "ds = ds.map(decode, num_parallel_calls=tf.data.AUTOTUNE)") "the fix falls behind the emoji")
(need (on-disk "prefetch(tf.data.AUTOTUNE)") "saving makes all safe fixes")

(find-file (getenv "TRAINING"))
(lsp)
(await (lambda () (marked "KM301")) "the training is marked")
(memlint-lsp-estimate)
(await (lambda () (marked "predicted by the GPU compiler")) "the estimate is in the findings")
(lsp-workspace-shutdown (car (lsp-workspaces)))
(princ "ok: goodbye\n")
