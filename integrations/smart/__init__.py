"""SMART App Launch 2.2 and backend services, the client's side: discovery, launch, id_token, tokens, public keys."""
