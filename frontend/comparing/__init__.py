"""What the page Compare shows of two to four runs, from whatever places they are looked at."""
