"""The node with a server that runs its network: what robots see while that has faults."""
