;;; Eglot, set up as docs/editors/emacs.md says.  -*- lexical-binding: t -*-

(load (expand-file-name "common.el" (file-name-directory load-file-name)) nil t)
(load (getenv "INIT") nil t)

(defun marked (code)
  (cl-find-if (lambda (mark) (string-match-p code (flymake-diagnostic-text mark))) (flymake-diagnostics)))

(defun open (file)
  "Visit FILE and wait until the server manages it."
  (find-file file)
  (run-hooks 'post-command-hook) ; where `eglot-ensure' waits for its turn
  (await #'eglot-current-server "the server runs")
  (flymake-start))

(defun said (text)
  (with-current-buffer (jsonrpc-events-buffer (eglot-current-server))
    (has text)))

(open (getenv "TARGET"))
(await (lambda () (and (marked "KM209") (marked "KM207"))) "two findings are marked")
(await (lambda () (said "host_memory=34359738368")) "the settings of .dir-locals.el are in force")

(goto-char (flymake-diagnostic-beg (marked "KM209")))
(need (looking-at-p "map(decode)") "the mark is behind the emoji")
(need (cl-find-if (lambda (action) (string-match-p "suppress on this line" (plist-get action :title)))
                  (eglot-code-actions (point) (point)))
      "suppressing is offered")
(let ((last-nonmenu-event 'key) ; else it is taken for a click of the mouse
      (completing-read-function
       (lambda (_prompt items &rest _)
         (car (cl-find-if (lambda (item) (string-match-p "num_parallel_calls" (car item))) items)))))
  (eglot-code-actions (point) (point) "quickfix" t))
(need (has "ds = ds.map(decode, num_parallel_calls=tf.data.AUTOTUNE)") "the fix is made")
(eglot--signal-textDocument/didChange) ; which waits for an idle moment, and there is none in batch mode
(await (lambda () (not (marked "KM209"))) "the fixed finding is gone")

(save-buffer)
(need (on-disk "prefetch(tf.data.AUTOTUNE)") "saving makes the other safe fix")
(eglot--signal-textDocument/didChange)
(await (lambda () (null (flymake-diagnostics))) "nothing is marked any more")
(save-buffer)
(need (not (buffer-modified-p)) "there is no harm where nothing is to be fixed")

(open (getenv "TRAINING"))
(await (lambda () (marked "KM301")) "the training is marked")
(need (not (marked "predicted by the GPU compiler")) "nothing is measured yet")
(memlint-estimate)
(await (lambda () (marked "predicted by the GPU compiler")) "the estimate is in the findings")

(let ((server (eglot-current-server)))
  (eglot-shutdown server)
  (need (not (jsonrpc-running-p server)) "goodbye"))
