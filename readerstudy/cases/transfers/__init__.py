"""How bytes come over the web: in pieces by tus, or in a form, sealed as they come."""
