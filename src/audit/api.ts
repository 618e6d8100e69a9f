import { Elysia } from 'elysia'
import type { Auth } from '../http/auth.ts'
import { queried, read } from '../http/input.ts'
import { answers } from '../http/output.ts'
import { json } from '../http/respond.ts'
import { AuditFilter, type AuditReading } from './reading.ts'
import { AuditPageSchema, auditWire } from './wire.ts'

/** The audit log, for administrators (behaviour/operations.md §6). */
export const auditApi = (deps: { auth: Auth; auditReading: AuditReading }) => {
  const { auth, auditReading } = deps
  return new Elysia({ prefix: '/api/audit_log', tags: ['Audit log'] }).use(auth).get(
    '/',
    async ({ visit, caller }) => {
      const { rows, next } = await auditReading.page(caller, read(AuditFilter, visit.input))
      return json({ data: rows.map(auditWire), next })
    },
    {
      requires: 'admin',
      detail: {
        summary: 'Read the audit log',
        description:
          'Who changed what: 50 entries at a time, the newest first. Administrators see those of their Space.',
        parameters: queried(AuditFilter, {
          domain: 'Super administrators: only those of the Space with this SIP domain.',
          actor: 'Only what this account, user or job did: its SIP address, its number or its name.',
          subject: 'Only what was done to this: its SIP address, its number or its name.',
          action: 'Only changes of this kind.',
          since: 'None that are older: a date, or a date and a time.',
          until: 'None that are newer; of a date its whole day is meant.',
          before: 'Only those that are older: `next` of a page.',
        }),
        ...answers(AuditPageSchema),
      },
    },
  )
}
