"""CAQH CORE Connectivity Rule vC2.2.0: SOAP with WSDL and HTTP MIME multipart, real time and batch."""
