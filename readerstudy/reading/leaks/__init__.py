"""The leak oracle: can anything but the pixels tell the arm? docs/blinding.md.

`playing` reads a study as a browser does and notes what a browser can see,
`responses` says what that is, `features` turns it into numbers, `judging` asks
whether they tell the arm, and `copying` lends a study that nobody minds.
"""
