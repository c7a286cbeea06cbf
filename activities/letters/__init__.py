"""Letters: what each says and whether it may wait (catalogue), and how a message is made of them (render)."""
