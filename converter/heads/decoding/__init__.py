"""How the numbers of a head are read: boxes, scores, maps, anchors. What the families share."""
