import { Elysia } from 'elysia'
import { NewRegistration } from '../../accounts/accounts/rules.ts'
import type { AccountWire } from '../../accounts/accounts/wire.ts'
import { AccountSchema } from '../../accounts/accounts/wire.ts'
import type { Auth } from '../../http/auth.ts'
import { accepts } from '../../http/input.ts'
import { answers, having } from '../../http/output.ts'
import { json } from '../../http/respond.ts'
import type { Registration } from './registration.ts'

export const registrationApi = (deps: { auth: Auth; registration: Registration; wire: AccountWire }) => {
  const { auth, registration, wire } = deps
  return new Elysia({ prefix: '/api/accounts', tags: ['Registration'] }).use(auth).post(
    '/with-account-creation-token',
    async ({ visit }) => {
      const { account, space } = await registration.withCreationToken(visit)
      return json(wire.own(account, space))
    },
    {
      open: true,
      detail: {
        summary: 'Register an account',
        description: 'With a creation token, which is spent. `admin` and `activated` are not listened to.',
        ...accepts(NewRegistration),
        ...answers(having(AccountSchema, 'passwords')),
      },
    },
  )
}
