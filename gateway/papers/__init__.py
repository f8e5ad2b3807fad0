"""Papers for people: remittance advices and statements as PDF."""
