import type { Visit } from '../http/visit.ts'
import { page } from './layout.tsx'

/** A refusal for people: what happened, in their language, on a page of the same frame. */
export const errorPage = (visit: Visit, basePath: string, status: number, message: string): Response =>
  page(visit, basePath, { title: 'panel.refused', status, address: null, children: <p>{message}</p> })
