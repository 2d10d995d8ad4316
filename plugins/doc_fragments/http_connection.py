# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an issuer's HTTP API is reached: for the modules whose issuers use C(clients/json_http.py)."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation only."""

    DOCUMENTATION = r"""
options:
  use_proxy:
    description:
      - Whether to use the proxy that the environment names.
    type: bool
    default: true
  validate_certs:
    description:
      - Whether to check the server's TLS certificate. Without it, whoever is in between reads every key.
    type: bool
    default: true
  ca_path:
    description:
      - PEM file of the CA certificates to check the server's certificate with, instead of the system's.
    type: path
"""

    CLIENT_CERTIFICATE = r"""
options:
  client_cert:
    description:
      - PEM file of the certificate to present in TLS. May hold the key as well.
    type: path
  client_key:
    description:
      - PEM file of the key of O(client_cert).
    type: path
"""
