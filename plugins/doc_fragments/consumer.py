# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What an entry of C(consumer_credentials) may hold."""

    DOCUMENTATION = r"""
options:
  credentials:
    description: The files that this host has, one entry each.
    type: list
    elements: dict
    required: true
    suboptions:
      credential:
        description:
          - "Name of the credential: a host of the inventory group C(credentials), or any name if the entry has
            O(credentials[].store)."
        type: str
        required: true
      dest:
        description:
          - Absolute path of the file on the host. C(~) is the home of the task's user. Its directory must exist. A
            symbolic link is refused.
        type: str
        required: true
      format:
        description:
          - What is written.
          - "V(env), V(json), V(yaml), V(raw) and V(template) own the file. V(ini), V(aws_credentials), V(pgpass) and
            V(pgbouncer_userlist) own a section's keys, a profile or a line, and keep every other byte."
        type: str
        required: true
        choices: [aws_credentials, env, ini, json, pgbouncer_userlist, pgpass, raw, template, yaml]
      fields:
        description:
          - Name in the file to field of the credential.
          - By default all fields as they are called; for V(aws_credentials), V(pgpass) and
            V(pgbouncer_userlist) what the format needs.
        type: dict
        default: {}
      section:
        description:
          - The section, for V(ini).
        type: str
      profile:
        description:
          - The profile, for V(aws_credentials).
        type: str
        default: default
      host:
        description:
          - The server's name as the client writes it, for V(pgpass).
        type: str
        default: '*'
      port:
        description:
          - The server's port, for V(pgpass).
        type: str
        default: '*'
      database:
        description:
          - The database, for V(pgpass).
        type: str
        default: '*'
      template:
        description:
          - A Jinja2 template on the controller, for V(template). The variable C(credential) holds the fields.
        type: str
      owner:
        description:
          - Owner of the file. By default as it is, or the task's user.
        type: str
      group:
        description:
          - Group of the file. By default as it is, or the task's user's.
        type: str
      mode:
        description:
          - Mode of the file, quoted. One that lets the group or others write is refused.
        type: raw
        default: '0600'
      settle:
        description:
          - Seconds for which a service must stay up after it was restarted, or after the file changed if it reads that by itself.
        type: int
        default: 2
      pull:
        description:
          - Who renders the file on the host. It is then not written, but waited for and proved.
          - V(vault_agent) is the agent that the role P(locksmith.rotation.vault_agent#role) has installed. It owns the
            whole file, also for V(ini), V(aws_credentials) and V(pgpass); it cannot write V(template) and V(pgbouncer_userlist).
        type: str
        choices: [vault_agent]
      type:
        description:
          - Type of a credential that is no host of the inventory.
        type: str
      store:
        description:
          - Store of a credential that is no host of the inventory, as in C(credential_store).
        type: dict
      service:
        description:
          - The service that uses the file.
        type: dict
        suboptions:
          name:
            description:
              - Name of the unit, service or program.
            type: str
          manager:
            description:
              - Who starts it. V(command) runs O(credentials[].service.command), V(signal) sends a signal to the process
                in O(credentials[].service.pid_file).
            type: str
            default: systemd
            choices: [systemd, service, sysvinit, supervisor, command, signal]
          action:
            description:
              - What makes it take the new value. With V(none) it reads the file by itself.
              - Variables from an environment file change only by V(restart).
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
              - Command and arguments. No shell.
            type: list
            elements: str
          pid_file:
            description:
              - File with the process id.
            type: str
          signal:
            description:
              - Signal for V(signal), and for V(reload) with V(supervisor).
            type: str
            default: HUP
          config:
            description:
              - Configuration file for C(supervisorctl).
            type: str
      probe:
        description:
          - How to see that the service is healthy. One of C(url), C(port), C(command).
        type: dict
        suboptions:
          url:
            description:
              - Address to get, from the host itself and without a proxy.
            type: str
          status:
            description:
              - Status codes that are healthy.
            type: list
            elements: int
            default: [200]
          contains:
            description:
              - Text that the page must hold.
            type: str
          validate_certs:
            description:
              - Check the server's certificate.
            type: bool
            default: true
          ca_path:
            description:
              - Certificates to check it with.
            type: str
          port:
            description:
              - TCP port that must accept a connection.
            type: int
          host:
            description:
              - Where that port is.
            type: str
            default: 127.0.0.1
          command:
            description:
              - Command and arguments that must end with status 0. No shell.
            type: list
            elements: str
          retries:
            description:
              - How often to try again.
            type: int
            default: 10
          delay:
            description:
              - Seconds between tries.
            type: int
            default: 3
          timeout:
            description:
              - Seconds for one try.
            type: int
            default: 5
attributes:
  check_mode:
    description: Can run in check mode and return what it would do without changing the host.
    support: full
  diff_mode:
    description: Returns what has changed, or would, when in diff mode.
    details: Shows fingerprints, mode and the reason, never contents.
    support: full
"""
