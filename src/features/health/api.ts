import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { text } from '../../http/respond.ts'

/** The liveness word that scripts of the reference ask for (spec auth.md §14). */
export const pingApi = ({ auth }: { auth: Auth }) =>
  new Elysia({ prefix: '/api' }).use(auth).get('/ping', () => text('pong'), { open: true })
