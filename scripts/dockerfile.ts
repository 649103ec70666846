/** One instruction of a Dockerfile: its word, its flags and what follows. */
export type Instruction = {
  readonly word: string
  readonly flags: Readonly<Record<string, string>>
  readonly rest: string
}
/** A stage: what it is called, what it starts from, and what is done in it. */
export type Stage = { readonly name: string; readonly image: string; readonly instructions: readonly Instruction[] }

/** Reads the part of the language that our Dockerfile uses; throws at anything else, so that nothing of it is passed over. */
export function readDockerfile(text: string): Stage[] {
  const lines = text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const stages: { name: string; image: string; instructions: Instruction[] }[] = []
  for (const line of lines) {
    const { word, flags, rest } = instructionOf(line)
    if (word === 'FROM') {
      const [image = '', , name = String(stages.length)] = rest.split(/\s+/)
      stages.push({ name, image, instructions: [] })
    } else if (KNOWN.has(word) && stages.length > 0) stages.at(-1)!.instructions.push({ word, flags, rest })
    else throw new Error(`Dockerfile: "${line}" is not understood here`)
  }
  return stages
}

const KNOWN = new Set(['WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'EXPOSE', 'HEALTHCHECK', 'CMD'])

function instructionOf(line: string): Instruction {
  const [, word = '', after = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? []
  const flags: Record<string, string> = {}
  let rest = after
  for (let found = FLAG.exec(rest); found !== null; found = FLAG.exec(rest)) {
    flags[found[1]!] = found[2]!
    rest = rest.slice(found[0].length)
  }
  return { word: word.toUpperCase(), flags, rest }
}

const FLAG = /^--([\w-]+)=(\S+)\s+/

/** The words of `CMD ["a", "b"]`; the form with a shell would stand between signals and the process. */
export function execForm(rest: string): string[] {
  const json = rest.replace(/^CMD\s+/, '')
  if (!json.startsWith('[')) throw new Error(`Dockerfile: ${rest} is not in exec form`)
  return JSON.parse(json)
}
