"""Images for Jetsons, and what checks their Dockerfiles where Docker and a board are missing."""
