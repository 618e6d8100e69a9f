import { Elysia } from 'elysia'
import type { Auth } from './auth.ts'
import { answers } from './output.ts'
import { text } from './respond.ts'

/** The liveness word that scripts of the reference ask for (behaviour/requests.md §9). */
export const pingApi = ({ auth }: { auth: Auth }) =>
  new Elysia({ prefix: '/api', tags: ['Health'] }).use(auth).get('/ping', () => text('pong'), {
    open: true,
    detail: { summary: 'Say that the server is there', description: 'The word `pong`.', ...answers('text/plain') },
  })
