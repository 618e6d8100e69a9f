import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { answers } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { empty } from '../../http/respond.ts'
import type { PasswordResets } from './password-resets.ts'

/** Mails an account a link to a new password (behaviour/accounts.md §6.4). */
export const passwordResetsApi = ({ auth, passwordResets }: { auth: Auth; passwordResets: PasswordResets }) =>
  new Elysia({ prefix: '/api/accounts', tags: ['Accounts'] }).use(auth).post(
    '/:id/send_reset_password_email',
    async ({ visit, params }) => {
      await passwordResets.send(visit, idOf(params.id))
      return empty()
    },
    {
      requires: 'admin',
      detail: {
        summary: 'Mail an account a link to a new password',
        description: '403 when the account has no e-mail address.',
        ...answers(null),
      },
    },
  )
