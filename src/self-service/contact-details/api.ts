import { Elysia } from 'elysia'
import type { AccountWire } from '../../accounts/accounts/wire.ts'
import { AccountSchema } from '../../accounts/accounts/wire.ts'
import type { Auth } from '../../http/auth.ts'
import { accepts, choice, form, read } from '../../http/input.ts'
import { answers, having, refuses } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { empty, json } from '../../http/respond.ts'
import { type ContactDetails, GivenCode, WantedEmail, WantedPhone } from './contact-details.ts'

/** A new phone number or e-mail address over the API (behaviour/accounts.md §5). */
export const contactDetailsApi = (deps: { auth: Auth; contactDetails: ContactDetails; wire: AccountWire }) => {
  const { auth, contactDetails, wire } = deps
  return new Elysia({ prefix: '/api/accounts/me', tags: ['Own account'] })
    .use(auth)
    .post(
      '/phone/request',
      async ({ visit, caller }) => {
        await contactDetails.requestPhone(visit, caller, read(WantedPhone, visit.input))
        return empty()
      },
      {
        requires: 'account',
        detail: {
          summary: 'Ask for a new phone number',
          description: 'A code goes to it by SMS.',
          ...accepts(WantedPhone),
          ...answers(null),
        },
      },
    )
    .post(
      '/phone',
      async ({ visit, caller }) => {
        const { account, space } = await contactDetails.confirmPhone(visit, caller, read(GivenCode, visit.input))
        return json(wire.own(account, space))
      },
      {
        requires: 'account',
        detail: {
          summary: 'Confirm the new phone number',
          description: 'Three wrong codes are the most; the code is dead then (410).',
          ...accepts(GivenCode),
          ...answers(having(AccountSchema, 'passwords')),
          ...refuses(410),
        },
      },
    )
    .post(
      '/email/request',
      async ({ visit, caller }) => {
        await contactDetails.requestEmail(visit, caller, read(WantedEmail, visit.input))
        return empty()
      },
      {
        requires: 'account',
        detail: {
          summary: 'Ask for a new e-mail address',
          description: 'A code goes to it by mail.',
          ...accepts(WantedEmail),
          ...answers(null),
        },
      },
    )
    .post(
      '/email',
      async ({ visit, caller }) => {
        const { account, space } = await contactDetails.confirmEmail(visit, caller, read(GivenCode, visit.input))
        return json(wire.own(account, space))
      },
      {
        requires: 'account',
        detail: {
          summary: 'Confirm the new e-mail address',
          description: 'Three wrong codes are the most; the code is dead then (410).',
          ...accepts(GivenCode),
          ...answers(having(AccountSchema, 'passwords')),
          ...refuses(410),
        },
      },
    )
}

const WaitingCode = form({ kind: choice(['email', 'phone']) })

/** What administrators do about codes that accounts wait for (behaviour/accounts.md §6.5). */
export const waitingCodesApi = ({ auth, contactDetails }: { auth: Auth; contactDetails: ContactDetails }) =>
  new Elysia({ prefix: '/api/accounts', tags: ['Accounts'] }).use(auth).post(
    '/:id/send_code',
    async ({ visit, params }) => {
      const { kind } = read(WaitingCode, visit.input).settle()
      await contactDetails.sendAgain(visit, idOf(params.id), kind)
      return empty()
    },
    {
      requires: 'admin',
      detail: {
        summary: 'Send the code that an account waits for again',
        description: 'Another one, to the same address or number. 404 when it waits for none.',
        ...accepts(WaitingCode),
        ...answers(null),
        ...refuses(409),
      },
    },
  )
