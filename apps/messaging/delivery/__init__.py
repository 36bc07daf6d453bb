"""How one e-mail is built and handed to a mail server. Knows no ledger: it says how it ended, no more."""
