"""Floor 4¼: payment terminals as a person looks after them: what each can do, the go-live check."""
