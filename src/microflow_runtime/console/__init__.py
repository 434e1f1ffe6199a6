"""The administrator's web pages: serves the built front end. Nothing is here yet; the room and its place in the layers are."""
