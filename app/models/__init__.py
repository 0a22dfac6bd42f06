"""What exists. Importing this package declares every entity."""

import app.core.guard
import app.core.org  # noqa: F401
from app.models.customers import (
    Address,
    ContactNote,
    Customer,
    CustomerLink,
    CustomerReach,
    JointLiabilityGroup,
    Phone,
)
from app.models.intake import ImportLayout, ImportProblem, ImportRun, StatedDifference
from app.models.journal import Allocation, Repayment, WriteOff
from app.models.lending import Bucket, Client, Instalment, Loan, Product
from app.models.messages import Message, MessageTemplate
from app.models.snapshots import (
    CollectionByPlace,
    CollectionByUnit,
    CollectionSnapshot,
    PortfolioChange,
    PortfolioSnapshot,
    UntakenDay,
)

__all__ = [
    "Address", "Allocation", "Bucket", "Client", "CollectionByPlace", "CollectionByUnit", "CollectionSnapshot",
    "ContactNote", "Customer", "CustomerLink", "CustomerReach", "ImportLayout", "ImportProblem", "ImportRun",
    "Instalment", "JointLiabilityGroup", "Loan", "Message", "MessageTemplate", "Phone", "PortfolioChange",
    "PortfolioSnapshot", "Product", "Repayment", "StatedDifference", "UntakenDay", "WriteOff",
]  # fmt: skip
