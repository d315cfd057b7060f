"""Pages as push messages to browsers: encrypted for one browser, carried by the push service of its maker."""
