"""Camera encodings, jpeg and png to pixels, without ROS."""
