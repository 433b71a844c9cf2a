;;; Emacs without a window, in front of the server. Every step prints a line; an error ends it with another status than 0.
;;
;; Environment: INIT (a file with what the page tells people to paste), TARGET (a script with two findings, KM209 and
;; KM207, the first behind an emoji), TRAINING (a script to estimate).  -*- lexical-binding: t -*-

(setq make-backup-files nil
      auto-save-default nil
      create-lockfiles nil
      enable-local-variables :safe)

(defun await (condition what)
  "Wait until the function CONDITION says non-nil, which is returned."
  (let ((deadline (+ (float-time) 20))
        found)
    (while (not (or (setq found (funcall condition)) (> (float-time) deadline)))
      (accept-process-output nil 0.02))
    (unless found
      (error "FAILED: %s" what))
    (princ (format "ok: %s\n" what))
    found))

(defun need (value what)
  (unless value
    (error "FAILED: %s" what))
  (princ (format "ok: %s\n" what)))

(defun has (text)
  "Whether the buffer contains TEXT."
  (save-excursion
    (goto-char (point-min))
    (search-forward text nil t)))

(defun on-disk (text)
  "Whether the file of the buffer contains TEXT."
  (let ((file buffer-file-name))
    (with-temp-buffer
      (insert-file-contents file)
      (has text))))
