import type { VNode } from 'preact'

/** An address in a narrow place: it is broken behind its `@` before it is broken anywhere else. */
export const Breakable = ({ children }: { children: string }): VNode => (
  <>
    {children.split(/(?<=@)/).map((part, index) => (
      <>
        {index === 0 ? null : <wbr />}
        {part}
      </>
    ))}
  </>
)

/** An address to be read. */
export const Address = ({ children }: { children: string }): VNode => (
  <span class="id">
    <Breakable>{children}</Breakable>
  </span>
)
