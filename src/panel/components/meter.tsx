import type { ComponentChildren, VNode } from 'preact'

interface Props {
  /** What is measured. */
  readonly label: string
  /** How far it is, in words. */
  readonly text: ComponentChildren
  readonly value: number
  /** null: nobody knows yet. */
  readonly max: number | null
  /** How near its end it is; without one it is only far. */
  /** Its label is heard, and not seen: the head of a column says it. */
  readonly bare?: boolean
  readonly tone?: 'good' | 'warn' | 'bad' | undefined
}

/** How far something is, or how full. */
export const Meter = ({ label, text, value, max, tone, bare = false }: Props): VNode => (
  <div class="meter">
    <p>
      {bare ? null : <span>{label}</span>}
      <span>{text}</span>
    </p>
    {max === null ? (
      <progress aria-label={label} />
    ) : (
      <progress class={tone} aria-label={label} value={Math.min(value, max)} max={Math.max(max, 1)} />
    )}
  </div>
)
