"""What terminals and card processors call: no session, each call checked by its agreement's own guard."""
