"""The vocabulary of the rule: operations, envelopes, their fields, and the codes of what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

RULE_VERSION: Final = "2.2.0"
NAMESPACE: Final = "http://www.caqh.org/SOAP/WSDL/CORERule2.2.0.xsd"
REAL_TIME: Final = "RealTime"
BATCH: Final = "Batch"
SUCCESS: Final = "Success"
SENDER: Final = "Sender"
RECEIVER: Final = "Receiver"
VERSION_MISMATCH: Final = "VersionMismatch"
UNAUTHORIZED: Final = "UnAuthorized"
CHECKSUM_MISMATCHED: Final = "ChecksumMismatched"

OUTCOME: Final = ("ErrorCode", "ErrorMessage")
REAL_TIME_FIELDS: Final = (
    "PayloadType",
    "ProcessingMode",
    "PayloadID",
    "TimeStamp",
    "SenderID",
    "ReceiverID",
    "CORERuleVersion",
    "Payload",
)
BATCH_FIELDS: Final = (
    "PayloadType",
    "ProcessingMode",
    "PayloadID",
    "PayloadLength",
    "TimeStamp",
    "SenderID",
    "ReceiverID",
    "CORERuleVersion",
    "CheckSum",
    "Payload",
)
CREDENTIALS: Final = ("UserName", "Password")
"""Further fields of a request in MIME; in SOAP they stand in the header."""

NO_BATCH_ACK: Final = "X12_NoBatchAckFile"
NO_BATCH_RESULTS: Final = "X12_NoBatchResultsFile"
RECEIPT: Final = "X12_BatchReceiptConfirmation"


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of request: its envelope, that of its answer, and how it is processed.

    `brings` says whether it brings a payload; else it asks for one.
    """

    request: str
    answer: str
    mode: str
    brings: bool

    def fields(self, name: str) -> tuple[str, ...]:
        """The fields of the request or the answer, in order."""
        plain = REAL_TIME_FIELDS if self.mode == REAL_TIME else BATCH_FIELDS
        return (*plain, *OUTCOME) if name == self.answer else plain


INQUIRY: Final = Form("COREEnvelopeRealTimeRequest", "COREEnvelopeRealTimeResponse", REAL_TIME, brings=True)
SUBMISSION: Final = Form(
    "COREEnvelopeBatchSubmission", "COREEnvelopeBatchSubmissionResponse", BATCH, brings=True
)
ACK_RETRIEVAL: Final = Form(
    "COREEnvelopeBatchSubmissionAckRetrievalRequest",
    "COREEnvelopeBatchSubmissionAckRetrievalResponse",
    BATCH,
    brings=False,
)
RESULTS_RETRIEVAL: Final = Form(
    "COREEnvelopeBatchResultsRetrievalRequest",
    "COREEnvelopeBatchResultsRetrievalResponse",
    BATCH,
    brings=False,
)
RESULTS_ACK: Final = Form(
    "COREEnvelopeBatchResultsAckSubmission",
    "COREEnvelopeBatchResultsAckSubmissionResponse",
    BATCH,
    brings=True,
)
FORMS: Final = (INQUIRY, SUBMISSION, ACK_RETRIEVAL, RESULTS_RETRIEVAL, RESULTS_ACK)
BY_REQUEST: Final = {form.request: form for form in FORMS}
BY_NAME: Final = BY_REQUEST | {form.answer: form for form in FORMS}

OPERATIONS: Final = {
    "RealTimeTransaction": INQUIRY,
    "BatchSubmitTransaction": SUBMISSION,
    "BatchSubmitAckRetrievalTransaction": ACK_RETRIEVAL,
    "BatchResultsRetrievalTransaction": RESULTS_RETRIEVAL,
    "BatchResultsAckSubmitTransaction": RESULTS_ACK,
    "GenericBatchSubmissionTransaction": SUBMISSION,
    "GenericBatchRetrievalTransaction": ACK_RETRIEVAL,
    "GenericBatchReceiptConfirmationTransaction": RESULTS_ACK,
}
"""The operations of the WSDL, which are the SOAP actions too, and what each takes."""

ACTIONS: Final = {form: action for action, form in reversed(OPERATIONS.items())}
