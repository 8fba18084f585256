"""Lastseat: the booking engine that never sells the last seat twice."""
