"""What services share to read first bytes: encodings, TLS, QUIC, texts; flows/service.py is the way in."""
