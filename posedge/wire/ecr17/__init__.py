"""ECR17, the Italian "Protocollo 17" as Nexi's terminals speak it: frames, messages, receipts.

Floor 1. Source: developer.nexigroup.com/traditionalpos, whose positions count from 1.
"""
