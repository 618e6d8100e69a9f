import type { VNode } from 'preact'
import type { Visit } from '../nouns/visit.ts'
import { Countdown, Moment } from './components/moment.tsx'
import { KitContext } from './kit.tsx'
import { kitOf } from './layout.tsx'

// For pages that have not been brought to the kit yet.

export const moment = (visit: Visit, at: Date): VNode => (
  <KitContext.Provider value={kitOf(visit, '')}>
    <Moment at={at} />
  </KitContext.Provider>
)

export const countdown = (seconds: number): VNode => <Countdown seconds={seconds} />
