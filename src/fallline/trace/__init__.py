"""What a run leaves behind: records, the trace of all steps, findings, certificate and result."""

from fallline.trace.certificate import Certificate
from fallline.trace.comparison import Comparison, Minimum
from fallline.trace.finding import Finding
from fallline.trace.gradient_check import GradientCheck
from fallline.trace.rate_range import RateRange
from fallline.trace.reason import StopReason
from fallline.trace.record import Record
from fallline.trace.recorder import Recorder, Rows
from fallline.trace.result import Result
from fallline.trace.trace import Trace

__all__ = [
    "Certificate",
    "Comparison",
    "Finding",
    "GradientCheck",
    "Minimum",
    "RateRange",
    "Record",
    "Recorder",
    "Result",
    "Rows",
    "StopReason",
    "Trace",
]
