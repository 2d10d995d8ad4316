# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: consumer_outcome
short_description: Sum up what a host proved
version_added: 0.1.0
description:
  - Turns the results of the tasks before into proofs and a sentence for people. Does not touch the host.
options:
  deployed:
    description: The result of M(locksmith.rotation.consumer_deploy).
    type: dict
    required: true
  proved:
    description: The result of M(locksmith.rotation.consumer_prove), if there was something to prove.
    type: dict
    default: {}
  put_back:
    description: The result of putting the previous version back, if that was done.
    type: dict
    default: {}
  proved_back:
    description: The result of proving that.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Can run in check mode and return what it would do without changing the host.
    support: full
  diff_mode:
    description: Returns what has changed, or would, when in diff mode.
    support: none
author: The locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Sum up
  locksmith.rotation.consumer_outcome:
    deployed: "{{ deployed }}"
    proved: "{{ proved }}"
"""

RETURN = r"""
proofs:
  description: By credential, what each file's service proved.
  returned: always
  type: dict
outcome:
  description:
    - Whether the host C(failed) or was C(unreachable), a C(detail) for people, and the outcome of each of its
      C(credentials).
  returned: always
  type: dict
"""
