"""Pictures and labels as files hold them."""
