"""The engine makes trajectories: asyncio, httpx and the standard library; no Django.

This is its front door. Everyone else says `from trajectories import engine` and uses only what is named here.
"""
