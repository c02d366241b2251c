/** Scripts for a POSIX shell in a clone; they work on any repository, and look at no more files than they say. */

/** How many files of each kind, as a bar chart. */
export const census = `
git -c core.quotePath=false ls-files | awk -F/ '
  { parts = split($NF, part, "."); kind = (parts > 1 && part[1] != "") ? "." part[parts] : "(none)"; count[kind]++; if (count[kind] > most) most = count[kind] }
  END {
    for (kind in count) {
      bar = ""; width = int(count[kind] * 40 / most); for (i = 0; i <= width; i++) bar = bar "#"
      printf "%7d  %-12s %s\\n", count[kind], kind, bar
    }
  }' | sort -rn | head -25
echo
echo "$(git ls-files | wc -l | tr -d ' ') files"
`

/** Reads file by file, and tells how far it is. */
export const readFiles = `
limit=1000
all=$(git ls-files | wc -l | tr -d ' ')
[ "$all" -le "$limit" ] || echo "The first $limit of $all files:"
git -c core.quotePath=false ls-files | head -n "$limit" | {
  n=0; sum=0
  while IFS= read -r file; do
    n=$((n + 1))
    [ -f "$file" ] || continue
    lines=$(wc -l < "$file" | tr -d ' ')
    sum=$((sum + lines))
    printf '%5d/%s %8s lines  %s\\n' "$n" "$all" "$lines" "$file"
  done
  echo
  echo "$sum lines"
}
`

/** Lets each shell that is here parse the scripts that name it in their first line. */
export const checkShell = `
limit=500
git -c core.quotePath=false ls-files '*.sh' | head -n "$limit" | {
  checked=0; wrong=0
  while IFS= read -r file; do
    [ -f "$file" ] || continue
    first=$(head -n 1 "$file" | tr -d '\\000')
    case $first in
      '#!'*bash*) shell=bash ;;
      '#!'*/sh*|'#!'*'env sh'*) shell=sh ;;
      *) continue ;;
    esac
    command -v "$shell" > /dev/null || continue
    checked=$((checked + 1))
    if "$shell" -n "$file"; then echo "ok     $file"; else echo "WRONG  $file"; wrong=$((wrong + 1)); fi
  done
  echo "$checked scripts checked, $wrong wrong"
  [ "$wrong" -eq 0 ]
}
`

/** Lets node parse the files whose kind of module their names tell. */
export const checkJavaScript = `
limit=100
if ! command -v node > /dev/null; then echo 'node is not on this worker: nothing is checked'; exit 0; fi
git -c core.quotePath=false ls-files '*.mjs' '*.cjs' | head -n "$limit" | {
  checked=0; wrong=0
  while IFS= read -r file; do
    [ -f "$file" ] || continue
    checked=$((checked + 1))
    if node --check "$file"; then echo "ok     $file"; else echo "WRONG  $file"; wrong=$((wrong + 1)); fi
  done
  echo "$checked modules checked, $wrong wrong"
  [ "$wrong" -eq 0 ]
}
`
