import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { accepts, integer, read, text } from '../../http/input.ts'
import { isoMoment } from '../../http/moment.ts'
import { answers, done, moment, orNull, record } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { empty, json } from '../../http/respond.ts'
import { type ExternalAccount, ExternalAccountForm, type ExternalAccounts } from './external-accounts.ts'

const ExternalAccountSchema = record('ExternalAccount', {
  id: integer(1),
  account_id: integer(1),
  username: text(),
  domain: text(),
  realm: orNull(text()),
  registrar: orNull(text()),
  outbound_proxy: orNull(text()),
  protocol: text(),
  algorithm: text(),
  created_at: moment(),
  updated_at: moment(),
})

/** An explicit list: the HA1 opens the carrier's line as the password would (D26). */
const externalAccountWire = (found: ExternalAccount) => ({
  id: found.id,
  account_id: found.accountId,
  username: found.username,
  domain: found.domain,
  realm: found.realm,
  registrar: found.registrar,
  outbound_proxy: found.outboundProxy,
  protocol: found.protocol,
  algorithm: found.algorithm,
  created_at: isoMoment(found.createdAt),
  updated_at: isoMoment(found.updatedAt),
})

/** RFC 7234 §5.5: 299 is a warning that stays. */
const STALE = '299 - "stored credential no longer matches"'

/** The account that an account has with a carrier (behaviour/telephony.md §1), for administrators. */
export const externalAccountsApi = (deps: { auth: Auth; externalAccounts: ExternalAccounts }) => {
  const { auth, externalAccounts } = deps
  return new Elysia({ prefix: '/api/accounts/:id/external', tags: ['External accounts'] })
    .use(auth)
    .get(
      '/',
      async ({ visit, params }) => json(externalAccountWire(await externalAccounts.byAccount(visit, idOf(params.id)))),
      {
        requires: 'admin',
        detail: { summary: 'Read the external account of an account', ...answers(ExternalAccountSchema) },
      },
    )
    .post(
      '/',
      async ({ visit, params }) => {
        const input = read(ExternalAccountForm, visit.input)
        const { externalAccount, isNew, isStale } = await externalAccounts.set(visit, idOf(params.id), input)
        const reply = json(externalAccountWire(externalAccount), isNew ? 201 : 200)
        if (isStale) reply.headers.set('warning', STALE)
        return reply
      },
      {
        requires: 'admin',
        detail: {
          summary: 'Set the external account of an account',
          description:
            '201 when it had none. Without a password the one that is there stays; a header `Warning` tells when it no longer fits.',
          ...accepts(ExternalAccountForm),
          ...answers(ExternalAccountSchema, 200, 201),
        },
      },
    )
    .delete(
      '/',
      async ({ visit, params }) => ((await externalAccounts.remove(visit, idOf(params.id))) ? json(1) : empty()),
      {
        requires: 'admin',
        detail: {
          summary: 'Remove the external account of an account',
          description: 'Without a body when there was none.',
          ...answers(done()),
        },
      },
    )
}
