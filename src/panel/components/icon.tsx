import type { VNode } from 'preact'
import { ICONS, type IconName } from './icons.ts'

interface Props {
  readonly name: IconName
  readonly small?: boolean | undefined
  /** A colour of states, or `turn`: it turns when its details open. */
  readonly class?: 'good' | 'warn' | 'bad' | 'muted' | 'turn' | undefined
}

/** Beside a word, never in place of it: who cannot see it misses nothing. */
export const Icon = ({ name, small = false, class: more }: Props): VNode => (
  <svg
    class={['icon', small ? 'small' : '', more ?? ''].filter(Boolean).join(' ')}
    viewBox="0 0 24 24"
    aria-hidden="true"
    dangerouslySetInnerHTML={{ __html: ICONS[name] }}
  />
)
