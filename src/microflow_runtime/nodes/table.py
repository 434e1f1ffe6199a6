"""Every kind of node this runtime knows."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from microflow_runtime.engine import NodeType
from microflow_runtime.nodes.cache import CacheNode
from microflow_runtime.nodes.code import CodeNode
from microflow_runtime.nodes.database import DatabaseNode
from microflow_runtime.nodes.decision import DecisionNode
from microflow_runtime.nodes.end import EndNode
from microflow_runtime.nodes.file_read import FileReadNode
from microflow_runtime.nodes.file_write import FileWriteNode
from microflow_runtime.nodes.gateway import GatewayNode
from microflow_runtime.nodes.log import LogNode
from microflow_runtime.nodes.loop import LoopNode
from microflow_runtime.nodes.mail import MailNode
from microflow_runtime.nodes.mapping import MappingNode
from microflow_runtime.nodes.parallel import ParallelNode
from microflow_runtime.nodes.rest import RestNode
from microflow_runtime.nodes.soap import SoapNode
from microflow_runtime.nodes.start import StartNode
from microflow_runtime.nodes.sub_flow import SubFlowNode
from microflow_runtime.nodes.throw import ThrowNode

_ALL: Final[tuple[NodeType, ...]] = (
    StartNode(),
    EndNode(),
    MappingNode(),
    GatewayNode(),
    DecisionNode(),
    DatabaseNode(),
    RestNode(),
    SoapNode(),
    MailNode(),
    CodeNode(),
    SubFlowNode(),
    ThrowNode(),
    LoopNode(),
    ParallelNode(),
    LogNode(),
    CacheNode(),
    FileReadNode(),
    FileWriteNode(),
)

NODE_TYPES: Final[Mapping[str, NodeType]] = MappingProxyType({node_type.name: node_type for node_type in _ALL})
