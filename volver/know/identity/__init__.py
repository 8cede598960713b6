"""Who is one person: merges that somebody decides, undoes and looks at, and finding a customer by what names them."""
