"""The API's calls for threads. Made from the route table by `make schemas`; not edited by hand."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from gateway.api.audit_shapes import AuditPage
from gateway.api.code_shapes import CodeShown, TableList
from gateway.api.inquiry_shapes import InquiryShown
from gateway.api.money_shapes import (
    AccountShown,
    NewDeposit,
    Partners,
    PaymentDetail,
    PaymentPage,
    Statement,
    Translated,
)
from gateway.api.payer_shapes import PayerPage, PayerShown
from gateway.api.people_shapes import (
    KeyMade,
    KeyPage,
    KeyRotated,
    KeyShown,
    NewKeyWish,
    NewUserWish,
    RolesWish,
    RotateWish,
    UserMade,
    UserPage,
    UserShown,
)
from gateway.api.rule_shapes import RulesShown
from gateway.api.search_shapes import ClaimSearchWish
from gateway.api.shapes import (
    ClaimChecked,
    ClaimFindings,
    ClaimListed,
    ClaimPage,
    ClaimShown,
    ClaimTaken,
    DeliveryPage,
    EndpointMade,
    EndpointPage,
    EndpointRotated,
    EndpointShown,
    EventPage,
    FileAnswers,
    FileShown,
    FileTaken,
    Health,
    NewEndpoint,
    RemittancePage,
    RemittanceShown,
    ReplayPlanned,
    ReplayWish,
    TestPlanned,
    Timeline,
)
from gateway.api.worklist_shapes import (
    Attachment,
    Reason,
    ReleaseShown,
    Remark,
    WorkItemShown,
    WorklistPage,
    Worklists,
)
from gateway.client.wishes import Wish, write_wish


class Calls(abc.ABC):
    """One method for each route."""

    @abc.abstractmethod
    def _send(self, wish: Wish, shape: Any) -> Any:
        """Send a call and read its answer as `shape`. Raises ClaimwireError."""

    def list_audit(
        self, *, after: int = 0, limit: int = 100, subject: str = "", principal: str = "", action: str = ""
    ) -> AuditPage:
        """List who saw or changed what, in order, after a sequence number."""
        wish = write_wish(
            "GET",
            "/v1/audit",
            {},
            {"after": after, "limit": limit, "subject": subject, "principal": principal, "action": action},
        )
        found: AuditPage = self._send(wish, AuditPage)
        return found

    def list_code_tables(self) -> TableList:
        """List the code tables with their releases."""
        wish = write_wish("GET", "/v1/codes", {}, {})
        found: TableList = self._send(wish, TableList)
        return found

    def show_code(self, table: str, code: str, *, date: date | None = None) -> CodeShown:
        """Show what a code means and whether it is in effect on a day."""
        wish = write_wish("GET", "/v1/codes/{table}/{code}", {"table": table, "code": code}, {"date": date})
        found: CodeShown = self._send(wish, CodeShown)
        return found

    def list_payers(self, *, search: str = "", after: str = "", limit: int = 100) -> PayerPage:
        """List payers: those that your partners reach, and those of the directory."""
        wish = write_wish("GET", "/v1/payers", {}, {"search": search, "after": after, "limit": limit})
        found: PayerPage = self._send(wish, PayerPage)
        return found

    def show_payer(self, payer: str) -> PayerShown:
        """Show a payer, by its id or by a clearinghouse's id for it."""
        wish = write_wish("GET", "/v1/payers/{payer}", {"payer": payer}, {})
        found: PayerShown = self._send(wish, PayerShown)
        return found

    def show_rules(self, *, search: str = "", payer: str = "") -> RulesShown:
        """List the rules and edits that claims are checked by."""
        wish = write_wish("GET", "/v1/rules", {}, {"search": search, "payer": payer})
        found: RulesShown = self._send(wish, RulesShown)
        return found

    def ask_eligibility(self, body: Mapping[str, Any]) -> InquiryShown:
        """Ask a payer about a patient's eligibility and benefits (270), and hear its answer (271)."""
        wish = write_wish("POST", "/v1/eligibility", {}, {}, body, "application/json")
        found: InquiryShown = self._send(wish, InquiryShown)
        return found

    def show_eligibility(self, id: str) -> InquiryShown:
        """Show an eligibility inquiry and its answer."""
        wish = write_wish("GET", "/v1/eligibility/{id}", {"id": id}, {})
        found: InquiryShown = self._send(wish, InquiryShown)
        return found

    def ask_claim_status(self, body: Mapping[str, Any]) -> InquiryShown:
        """Ask a payer how a claim stands (276), and hear its answer (277)."""
        wish = write_wish("POST", "/v1/claim-status", {}, {}, body, "application/json")
        found: InquiryShown = self._send(wish, InquiryShown)
        return found

    def show_claim_status(self, id: str) -> InquiryShown:
        """Show a claim status inquiry and its answer."""
        wish = write_wish("GET", "/v1/claim-status/{id}", {"id": id}, {})
        found: InquiryShown = self._send(wish, InquiryShown)
        return found

    def count_worklists(self) -> Worklists:
        """List the work lists with their counts by age."""
        wish = write_wish("GET", "/v1/worklists", {}, {})
        found: Worklists = self._send(wish, Worklists)
        return found

    def show_worklist(self, name: str, *, cursor: str = "", limit: int = 100) -> WorklistPage:
        """Show a work list, oldest first."""
        wish = write_wish("GET", "/v1/worklists/{name}", {"name": name}, {"cursor": cursor, "limit": limit})
        found: WorklistPage = self._send(wish, WorklistPage)
        return found

    def show_work_item(self, id: str) -> WorkItemShown:
        """Show a work item."""
        wish = write_wish("GET", "/v1/work-items/{id}", {"id": id}, {})
        found: WorkItemShown = self._send(wish, WorkItemShown)
        return found

    def attach_work_item(self, id: str, body: Attachment) -> WorkItemShown:
        """Attach the answer in a work item to a claim; it posts like an automatic match."""
        wish = write_wish("POST", "/v1/work-items/{id}/attach", {"id": id}, {}, body, "application/json")
        found: WorkItemShown = self._send(wish, WorkItemShown)
        return found

    def resolve_work_item(self, id: str, body: Reason) -> WorkItemShown:
        """Close a work item with a note; nothing else moves."""
        wish = write_wish("POST", "/v1/work-items/{id}/resolve", {"id": id}, {}, body, "application/json")
        found: WorkItemShown = self._send(wish, WorkItemShown)
        return found

    def work_claim(self, id: str, body: Remark) -> ClaimListed:
        """Take a claim off the work lists until something new happens to it."""
        wish = write_wish("POST", "/v1/claims/{id}/worked", {"id": id}, {}, body, "application/json")
        found: ClaimListed = self._send(wish, ClaimListed)
        return found

    def release_claim(self, id: str, body: Remark) -> ReleaseShown:
        """Release a held claim: it is batched again, or its interchange is delivered again."""
        wish = write_wish("POST", "/v1/claims/{id}/release", {"id": id}, {}, body, "application/json")
        found: ReleaseShown = self._send(wish, ReleaseShown)
        return found

    def release_partner(self, name: str, body: Remark) -> ReleaseShown:
        """Release everything that is held on its way to a partner."""
        wish = write_wish("POST", "/v1/partners/{name}/release", {"name": name}, {}, body, "application/json")
        found: ReleaseShown = self._send(wish, ReleaseShown)
        return found

    def rotate_webhook(self, id: str) -> EndpointRotated:
        """Make a new signing secret, shown this once; the one before signs beside it for a day."""
        wish = write_wish("POST", "/v1/webhooks/{id}/rotate", {"id": id}, {})
        found: EndpointRotated = self._send(wish, EndpointRotated)
        return found

    def replay_webhook(self, id: str, body: ReplayWish) -> ReplayPlanned:
        """Deliver events of the feed once more."""
        wish = write_wish("POST", "/v1/webhooks/{id}/replay", {"id": id}, {}, body, "application/json")
        found: ReplayPlanned = self._send(wish, ReplayPlanned)
        return found

    def test_webhook(self, id: str) -> TestPlanned:
        """Deliver a test event to this endpoint alone."""
        wish = write_wish("POST", "/v1/webhooks/{id}/test", {"id": id}, {})
        found: TestPlanned = self._send(wish, TestPlanned)
        return found

    def enable_webhook(self, id: str) -> EndpointShown:
        """Send an endpoint that was switched off what happens from now on."""
        wish = write_wish("POST", "/v1/webhooks/{id}/enable", {"id": id}, {})
        found: EndpointShown = self._send(wish, EndpointShown)
        return found

    def list_keys(self) -> KeyPage:
        """List API keys, without their texts."""
        wish = write_wish("GET", "/v1/keys", {}, {})
        found: KeyPage = self._send(wish, KeyPage)
        return found

    def make_key(self, body: NewKeyWish) -> KeyMade:
        """Make an API key; the answer shows its text once. No key has a scope that its maker lacks."""
        wish = write_wish("POST", "/v1/keys", {}, {}, body, "application/json")
        found: KeyMade = self._send(wish, KeyMade)
        return found

    def show_key(self, id: str) -> KeyShown:
        """Show an API key, without its text."""
        wish = write_wish("GET", "/v1/keys/{id}", {"id": id}, {})
        found: KeyShown = self._send(wish, KeyShown)
        return found

    def rotate_key(self, id: str, body: RotateWish) -> KeyRotated:
        """Make a key that takes over from another, which goes on beside it for the stated time."""
        wish = write_wish("POST", "/v1/keys/{id}/rotate", {"id": id}, {}, body, "application/json")
        found: KeyRotated = self._send(wish, KeyRotated)
        return found

    def revoke_key(self, id: str) -> None:
        """Make an API key useless at once."""
        wish = write_wish("DELETE", "/v1/keys/{id}", {"id": id}, {})

        self._send(wish, None)

    def list_users(self) -> UserPage:
        """List users."""
        wish = write_wish("GET", "/v1/users", {}, {})
        found: UserPage = self._send(wish, UserPage)
        return found

    def make_user(self, body: NewUserWish) -> UserMade:
        """Make a user; the answer shows a temporary password once."""
        wish = write_wish("POST", "/v1/users", {}, {}, body, "application/json")
        found: UserMade = self._send(wish, UserMade)
        return found

    def show_user(self, id: str) -> UserShown:
        """Show a user."""
        wish = write_wish("GET", "/v1/users/{id}", {"id": id}, {})
        found: UserShown = self._send(wish, UserShown)
        return found

    def set_user_roles(self, id: str, body: RolesWish) -> UserShown:
        """Give a user other roles."""
        wish = write_wish("PUT", "/v1/users/{id}/roles", {"id": id}, {}, body, "application/json")
        found: UserShown = self._send(wish, UserShown)
        return found

    def disable_user(self, id: str) -> UserShown:
        """Let a user in no more; all sessions end."""
        wish = write_wish("POST", "/v1/users/{id}/disable", {"id": id}, {})
        found: UserShown = self._send(wish, UserShown)
        return found

    def enable_user(self, id: str) -> UserShown:
        """Let a user in again."""
        wish = write_wish("POST", "/v1/users/{id}/enable", {"id": id}, {})
        found: UserShown = self._send(wish, UserShown)
        return found

    def reset_user(self, id: str) -> UserMade:
        """Give a user a new temporary password; authenticator, recovery codes and sessions are gone."""
        wish = write_wish("POST", "/v1/users/{id}/reset", {"id": id}, {})
        found: UserMade = self._send(wish, UserMade)
        return found

    def replace_claim(
        self, id: str, body: Mapping[str, Any], *, media: str = "application/json", idempotency_key: str = ""
    ) -> ClaimTaken:
        """Correct a claim: send a replacement (frequency 7) that names it by the payer's number."""
        wish = write_wish(
            "POST", "/v1/claims/{id}/replace", {"id": id}, {}, body, media, idempotency_key=idempotency_key
        )
        found: ClaimTaken = self._send(wish, ClaimTaken)
        return found

    def void_claim(self, id: str, *, idempotency_key: str = "") -> ClaimTaken:
        """Take a claim back: send a void (frequency 8) with its content."""
        wish = write_wish("POST", "/v1/claims/{id}/void", {"id": id}, {}, idempotency_key=idempotency_key)
        found: ClaimTaken = self._send(wish, ClaimTaken)
        return found

    def bill_next_payer(
        self,
        id: str,
        body: Mapping[str, Any] | None = None,
        *,
        media: str = "application/merge-patch+json",
        idempotency_key: str = "",
    ) -> ClaimTaken:
        """Bill the next payer: its claim, with what this payer paid and adjusted."""
        wish = write_wish(
            "POST", "/v1/claims/{id}/secondary", {"id": id}, {}, body, media, idempotency_key=idempotency_key
        )
        found: ClaimTaken = self._send(wish, ClaimTaken)
        return found

    def show_remittance_x12(self, id: str) -> bytes:
        """Fetch the remittance as X12: its 835 set as it came, in its envelope, alone."""
        wish = write_wish("GET", "/v1/remittances/{id}/x12", {"id": id}, {})
        found: bytes = self._send(wish, bytes)
        return found

    def show_remittance_pdf(self, id: str) -> bytes:
        """Fetch the remittance as a paper for people."""
        wish = write_wish("GET", "/v1/remittances/{id}/pdf", {"id": id}, {})
        found: bytes = self._send(wish, bytes)
        return found

    def list_payments(self, *, payer: str = "", cursor: str = "", limit: int = 100) -> PaymentPage:
        """List payments (checks and transfers) with their remittances and deposits, newest first."""
        wish = write_wish("GET", "/v1/payments", {}, {"payer": payer, "cursor": cursor, "limit": limit})
        found: PaymentPage = self._send(wish, PaymentPage)
        return found

    def show_payment(self, id: str) -> PaymentDetail:
        """Show a payment with its remittances, provider adjustments and deposits."""
        wish = write_wish("GET", "/v1/payments/{id}", {"id": id}, {})
        found: PaymentDetail = self._send(wish, PaymentDetail)
        return found

    def deposit_payment(self, id: str, body: NewDeposit) -> PaymentDetail:
        """Post what the bank says came in; the same line again changes nothing."""
        wish = write_wish("POST", "/v1/payments/{id}/deposit", {"id": id}, {}, body, "application/json")
        found: PaymentDetail = self._send(wish, PaymentDetail)
        return found

    def show_account(self, account: str) -> AccountShown:
        """List the claims of a patient's account (`patient` of a claim), oldest first."""
        wish = write_wish("GET", "/v1/patients/{account}", {"account": account}, {})
        found: AccountShown = self._send(wish, AccountShown)
        return found

    def show_statement(self, account: str) -> Statement:
        """Show who owes what of a patient's account (`patient` of a claim); also as a paper."""
        wish = write_wish("GET", "/v1/patients/{account}/statement", {"account": account}, {})
        found: Statement = self._send(wish, Statement)
        return found

    def translate(
        self,
        body: bytes | Mapping[str, Any],
        *,
        whole: bool = False,
        guide: str = "",
        sender: str = "CLAIMWIRE",
        receiver: str = "RECEIVER",
        control_number: int = 1,
        usage: str = "T",
        media: str = "application/edi-x12",
    ) -> Translated:
        """Translate X12 to JSON or JSON to X12; nothing is stored."""
        wish = write_wish(
            "POST",
            "/v1/translate",
            {},
            {
                "whole": whole,
                "guide": guide,
                "sender": sender,
                "receiver": receiver,
                "controlNumber": control_number,
                "usage": usage,
            },
            body,
            media,
        )
        found: Translated = self._send(wish, Translated)
        return found

    def list_partners(self) -> Partners:
        """List the partners and how each stands."""
        wish = write_wish("GET", "/v1/partners", {}, {})
        found: Partners = self._send(wish, Partners)
        return found

    def submit_claim(self, body: Mapping[str, Any], *, idempotency_key: str = "") -> ClaimTaken:
        """Submit a claim: professional, institutional or dental."""
        wish = write_wish(
            "POST", "/v1/claims", {}, {}, body, "application/json", idempotency_key=idempotency_key
        )
        found: ClaimTaken = self._send(wish, ClaimTaken)
        return found

    def validate_claim(self, body: Mapping[str, Any]) -> ClaimChecked:
        """Check a claim; nothing is stored."""
        wish = write_wish("POST", "/v1/claims/validate", {}, {}, body, "application/json")
        found: ClaimChecked = self._send(wish, ClaimChecked)
        return found

    def list_claims(
        self,
        *,
        state: str = "",
        payer: str = "",
        billing_npi: str = "",
        claim_type: str = "",
        service_from: date | None = None,
        service_to: date | None = None,
        received_from: date | None = None,
        received_to: date | None = None,
        charge_from: Decimal | None = None,
        charge_to: Decimal | None = None,
        batch: str = "",
        cursor: str = "",
        limit: int = 100,
    ) -> ClaimPage:
        """List claims, newest first."""
        wish = write_wish(
            "GET",
            "/v1/claims",
            {},
            {
                "state": state,
                "payer": payer,
                "billingNpi": billing_npi,
                "claimType": claim_type,
                "serviceFrom": service_from,
                "serviceTo": service_to,
                "receivedFrom": received_from,
                "receivedTo": received_to,
                "chargeFrom": charge_from,
                "chargeTo": charge_to,
                "batch": batch,
                "cursor": cursor,
                "limit": limit,
            },
        )
        found: ClaimPage = self._send(wish, ClaimPage)
        return found

    def search_claims(self, body: ClaimSearchWish) -> ClaimPage:
        """Find claims, newest first, also by the patient control number."""
        wish = write_wish("POST", "/v1/claims/search", {}, {}, body, "application/json")
        found: ClaimPage = self._send(wish, ClaimPage)
        return found

    def show_claim(self, id: str) -> ClaimShown:
        """Show a claim with its document."""
        wish = write_wish("GET", "/v1/claims/{id}", {"id": id}, {})
        found: ClaimShown = self._send(wish, ClaimShown)
        return found

    def show_timeline(self, id: str) -> Timeline:
        """Show the story of a claim, oldest first."""
        wish = write_wish("GET", "/v1/claims/{id}/timeline", {"id": id}, {})
        found: Timeline = self._send(wish, Timeline)
        return found

    def show_claim_x12(self, id: str) -> bytes:
        """Fetch the claim as X12: the 837 that was sent, with this claim alone."""
        wish = write_wish("GET", "/v1/claims/{id}/x12", {"id": id}, {})
        found: bytes = self._send(wish, bytes)
        return found

    def show_claim_findings(self, id: str) -> ClaimFindings:
        """Show what was found when the claim came in."""
        wish = write_wish("GET", "/v1/claims/{id}/findings", {"id": id}, {})
        found: ClaimFindings = self._send(wish, ClaimFindings)
        return found

    def list_events(self, *, after: int = 0, limit: int = 100, type: str = "") -> EventPage:
        """List events in order, after a sequence number."""
        wish = write_wish("GET", "/v1/events", {}, {"after": after, "limit": limit, "type": type})
        found: EventPage = self._send(wish, EventPage)
        return found

    def list_remittances(
        self,
        *,
        payer: str = "",
        trace: str = "",
        date_from: date | None = None,
        date_to: date | None = None,
        cursor: str = "",
        limit: int = 100,
    ) -> RemittancePage:
        """List remittances, newest first."""
        wish = write_wish(
            "GET",
            "/v1/remittances",
            {},
            {
                "payer": payer,
                "trace": trace,
                "dateFrom": date_from,
                "dateTo": date_to,
                "cursor": cursor,
                "limit": limit,
            },
        )
        found: RemittancePage = self._send(wish, RemittancePage)
        return found

    def show_remittance(self, id: str) -> RemittanceShown:
        """Show a remittance with its claims and provider adjustments."""
        wish = write_wish("GET", "/v1/remittances/{id}", {"id": id}, {})
        found: RemittanceShown = self._send(wish, RemittanceShown)
        return found

    def deposit_file(self, body: bytes, *, partner: str = "") -> FileTaken:
        """Post an X12 file: the claims of an 837 are taken in, a partner's answers are applied."""
        wish = write_wish("POST", "/v1/files", {}, {"partner": partner}, body, "application/edi-x12")
        found: FileTaken = self._send(wish, FileTaken)
        return found

    def show_file(self, id: str) -> FileShown:
        """Show what a file is and what became of it."""
        wish = write_wish("GET", "/v1/files/{id}", {"id": id}, {})
        found: FileShown = self._send(wish, FileShown)
        return found

    def show_acknowledgments(self, id: str) -> FileAnswers:
        """Show the 999 that answers a posted 837, and the 277CA that answers its claims."""
        wish = write_wish("GET", "/v1/files/{id}/acknowledgments", {"id": id}, {})
        found: FileAnswers = self._send(wish, FileAnswers)
        return found

    def list_webhooks(self) -> EndpointPage:
        """List webhook endpoints."""
        wish = write_wish("GET", "/v1/webhooks", {}, {})
        found: EndpointPage = self._send(wish, EndpointPage)
        return found

    def make_webhook(self, body: NewEndpoint) -> EndpointMade:
        """Make a webhook endpoint; the answer shows its signing secret once."""
        wish = write_wish("POST", "/v1/webhooks", {}, {}, body, "application/json")
        found: EndpointMade = self._send(wish, EndpointMade)
        return found

    def show_webhook(self, id: str) -> EndpointShown:
        """Show a webhook endpoint."""
        wish = write_wish("GET", "/v1/webhooks/{id}", {"id": id}, {})
        found: EndpointShown = self._send(wish, EndpointShown)
        return found

    def delete_webhook(self, id: str) -> None:
        """Delete a webhook endpoint and what still waits for it."""
        wish = write_wish("DELETE", "/v1/webhooks/{id}", {"id": id}, {})

        self._send(wish, None)

    def list_deliveries(self, id: str, *, cursor: str = "", limit: int = 100) -> DeliveryPage:
        """List what was delivered to an endpoint, newest first."""
        wish = write_wish(
            "GET", "/v1/webhooks/{id}/deliveries", {"id": id}, {"cursor": cursor, "limit": limit}
        )
        found: DeliveryPage = self._send(wish, DeliveryPage)
        return found

    def show_health(self) -> Health:
        """Say whether the process lives."""
        wish = write_wish("GET", "/healthz", {}, {})
        found: Health = self._send(wish, Health)
        return found

    def show_readiness(self) -> Health:
        """Say whether requests can be served."""
        wish = write_wish("GET", "/readyz", {}, {})
        found: Health = self._send(wish, Health)
        return found

    def show_metrics(self) -> bytes:
        """Show counts in the Prometheus text format."""
        wish = write_wish("GET", "/metrics", {}, {})
        found: bytes = self._send(wish, bytes)
        return found

    def show_openapi(self) -> bytes:
        """Show this document."""
        wish = write_wish("GET", "/openapi.json", {}, {})
        found: bytes = self._send(wish, bytes)
        return found

    def show_documentation(self) -> bytes:
        """Show this document as a page for the browser."""
        wish = write_wish("GET", "/docs", {}, {})
        found: bytes = self._send(wish, bytes)
        return found
