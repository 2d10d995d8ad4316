# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What a Vault or OpenBao agent is told."""

    DOCUMENTATION = r"""
options:
  service:
    description:
      - The agent's own service, so that it can be started anew. As C(service) of an entry of C(consumer_credentials).
    type: dict
    required: true
    suboptions:
      name:
        description:
          - Name of the unit, service or program.
        type: str
      manager:
        description:
          - Who starts it.
        type: str
        default: systemd
        choices: [systemd, service, sysvinit, supervisor, command, signal]
      action:
        description:
          - As in an entry. V(restart) is the one that makes sense here.
        type: str
        default: restart
        choices: [restart, reload, none]
      scope:
        description:
          - "The systemd manager: of the machine or of the task's user."
        type: str
        default: system
        choices: [system, user]
      command:
        description:
          - Command and arguments that start it anew, for V(command). No shell.
        type: list
        elements: str
      pid_file:
        description:
          - File with the process id, for V(signal).
        type: str
      signal:
        description:
          - Signal for V(signal).
        type: str
        default: HUP
      config:
        description:
          - Configuration file for C(supervisorctl).
        type: str
  binary:
    description:
      - The program on the host. By default C(vault), or C(bao) if there is none, in the task's C(PATH).
    type: str
  config_dir:
    description:
      - Directory on the host for the agent's configuration, its hooks and what it logs in with.
      - The default is C(/etc/locksmith/vault-agent) for root and C(~/.config/locksmith/vault-agent) for others.
    type: str
  state_dir:
    description:
      - Directory on the host for what it remembers of its credentials, as for M(locksmith.rotation.consumer_deploy).
    type: str
  url:
    description:
      - Address of the server. By default that of the credentials' store.
    type: str
  namespace:
    description:
      - Namespace of the log-in and of the secrets. By default that of the credentials' store.
    type: str
  ca_cert:
    description:
      - File on the host with the certificates to check the server's with.
    type: str
  validate_certs:
    description:
      - Check the server's certificate.
    type: bool
    default: true
  cert_auth_public_key:
    description:
      - File on the host with the client certificate that the server's TLS asks for.
    type: str
  cert_auth_private_key:
    description:
      - File on the host with its key, mode 0600.
    type: str
  auth_method:
    description:
      - How it logs in. V(aws_iam), with the machine's own role, is not in the agent of OpenBao.
    type: str
    choices: [approle, aws_iam, jwt]
    default: approle
  mount_point:
    description:
      - Where the server has the method mounted. By default V(approle), V(aws) or V(jwt).
    type: str
  role_id_file:
    description:
      - File on the host with the role id, for V(approle). By default C(role_id) in O(config_dir).
    type: str
  secret_id_file:
    description:
      - File on the host with the secret id, mode 0600, for V(approle). By default C(secret_id) in O(config_dir).
    type: str
  remove_secret_id_file_after_reading:
    description:
      - Whether the agent deletes that file once it has read it. It can then not be started anew without another.
    type: bool
    default: false
  role:
    description:
      - The role to log in as, for V(aws_iam) and V(jwt).
    type: str
  region:
    description:
      - Region of STS, for V(aws_iam).
    type: str
  aws_iam_server_id:
    description:
      - What the server wants as C(X-Vault-AWS-IAM-Server-ID), for V(aws_iam).
    type: str
  jwt_file:
    description:
      - File on the host with the token, for V(jwt).
    type: str
  remove_jwt_after_reading:
    description:
      - Whether the agent deletes that file once it has read it.
    type: bool
    default: false
  render_interval:
    description:
      - How often it looks for a new version (C(static_secret_render_interval)), as a duration.
    type: str
    default: 5m
  exit_on_retry_failure:
    description:
      - Whether it ends, to be started anew by its service manager, when the server does not answer for long.
    type: bool
    default: true
  retries:
    description:
      - How often it asks again before that.
    type: int
    default: 12
  command_timeout:
    description:
      - How long restarting or reloading a service may take, as a duration.
    type: str
    default: 60s
  nudge:
    description:
      - Whether a run that has rotated starts the agent anew, so that it renders at once. SIGHUP does not make it do that.
      - With V(auto) it does unless the agent deletes what it logs in with. Where it does not, a run waits for O(render_interval).
    type: str
    choices: [auto, restart, none]
    default: auto
  wait:
    description:
      - How long a run waits for it at most, as a duration. By default V(60s) after it was started anew, else O(render_interval),
        O(command_timeout) and V(30s).
    type: str
"""
