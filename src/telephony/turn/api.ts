import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { integer, text } from '../../http/input.ts'
import { answers, listOf, object } from '../../http/output.ts'
import { secretJson } from '../../http/respond.ts'
import type { Turn } from './turn.ts'

const TurnCredentialsSchema = object({
  username: text(),
  password: text(),
  ttl: integer(1),
  uris: listOf(text()),
})

/** Ephemeral credentials for the TURN server of the operator (behaviour/accounts.md §4.2). */
export const turnApi = ({ auth, turn }: { auth: Auth; turn: Turn }) =>
  new Elysia({ prefix: '/api/accounts', tags: ['Own account'] })
    .use(auth)
    .get('/me/services/turn', () => secretJson(turn.credentials()), {
      requires: { role: 'account', scopes: [] },
      detail: { summary: 'Get credentials for the TURN server', ...answers(TurnCredentialsSchema) },
    })
