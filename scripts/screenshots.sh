#!/usr/bin/env bash
# Looks at a drill's report in a real browser: pictures of it in docs/images, at a desktop's and a phone's width, light and
# dark; fails where one is blank, or where the page scrolls sideways. Prints docs/night.md as a browser does; fails where that
# is not one page of A4. Chromium comes from apt where it is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { echo "screenshots: $*" >&2; }
stop() { say "$*"; exit 1; }

missing=()
command -v chromium >/dev/null || missing+=(chromium fonts-liberation)
# Fewer colours: a third of the bytes.
command -v pngquant >/dev/null || missing+=(pngquant)
command -v cmark-gfm >/dev/null || missing+=(cmark-gfm)
command -v pdfinfo >/dev/null || missing+=(poppler-utils)
[ "${#missing[@]}" -eq 0 ] || scripts/packages.sh "${missing[@]}"

images=docs/images
limit=150000 # bytes: pictures are in every clone
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# FAILOVER: a program that is built already.
if [ -z "${FAILOVER:-}" ]; then
    cargo build --quiet --locked -p failover-cli
    FAILOVER=${CARGO_TARGET_DIR:-target}/debug/failover
fi
mkdir -m 700 "$folder/state"
"$FAILOVER" drill --seed 7 --state "$folder/state" >/dev/null
"$FAILOVER" report drill --state "$folder/state" --html "$folder/report.html" >/dev/null

# The same browser for everybody: no sandbox, as in a container; no profile that stays; no network.
browser() {
    timeout 120 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1 \
        --user-data-dir="$folder/profile" --host-resolver-rules='MAP * ~NOTFOUND' "$@" 2>"$folder/browser.log" \
        || { cat "$folder/browser.log" >&2; stop 'the browser failed'; }
}

# A page as a window of some width shows it: a window is never narrower than 500 pixels, a frame in it may be.
framed() { # width height
    printf '<!doctype html><meta name="color-scheme" content="light dark"><style>*{margin:0}iframe{display:block;border:0;color-scheme:light dark}</style>'
    printf '<iframe width="%s" height="%s" srcdoc="' "$1" "$2"
    sed -e 's/&/\&amp;/g' -e 's/"/\&quot;/g' "$folder/report.html"
    printf '"></iframe>'
}

# What a script finds out, told in the page's title.
asked() { browser --virtual-time-budget=5000 --dump-dom "file://$1" | sed -n 's/.*<title>\(.*\)<\/title>.*/\1/p' | head -n 1; }

sideways() { # width
    { framed "$1" 800
      printf '<title></title><script>onload=()=>{let d=document.querySelector("iframe").contentDocument.documentElement;'
      printf 'document.title=d.scrollWidth+" "+d.clientWidth+" "+d.scrollHeight}</script>'; } >"$folder/width.html"
    read -r scroll client height <<<"$(asked "$folder/width.html")"
    [ "${client:-0}" -gt 0 ] || stop "the page at $1 pixels could not be measured"
    [ "$scroll" -le "$client" ] || stop "at $1 pixels the page is $scroll wide: it scrolls sideways"
    say "at $1 pixels: $scroll wide, $height high"
}

# Colours, and how bright it is: a blank page has one, text has many.
blank() { # file dark|light
    { printf '<!doctype html><title></title><img src="data:image/png;base64,'
      base64 -w0 "$1"
      printf '"><script>onload=()=>{let i=document.images[0],c=document.createElement("canvas");c.width=i.width;c.height=i.height;'
      printf 'let x=c.getContext("2d");x.drawImage(i,0,0);let d=x.getImageData(0,0,c.width,c.height).data,s=new Set,l=0;'
      printf 'for(let p=0;p<d.length;p+=4){s.add(d[p]<<16|d[p+1]<<8|d[p+2]);l+=d[p+1]}'
      printf 'document.title=s.size+" "+Math.round(l/(d.length/4))}</script>'; } >"$folder/colours.html"
    read -r colours bright <<<"$(asked "$folder/colours.html")"
    [ "${colours:-0}" -gt 20 ] || stop "$1 has ${colours:-no} colours: it is blank"
    if [ "$2" = dark ]; then [ "$bright" -lt 80 ] || stop "$1 is not dark ($bright of 255)"
    else [ "$bright" -gt 200 ] || stop "$1 is not light ($bright of 255)"; fi
    bytes=$(stat -c %s "$1")
    [ "$bytes" -le "$limit" ] || stop "$1 has $bytes bytes, more than $limit"
    say "$1: $bytes bytes, $colours colours"
}

picture() { # name width height light|dark
    framed "$2" "$3" >"$folder/page.html"
    local scheme=1
    [ "$4" = light ] || scheme=0
    browser --blink-settings=preferredColorScheme=$scheme --window-size="$2,$3" \
        --screenshot="$folder/$1.png" "file://$folder/page.html" >/dev/null
    pngquant --quality 70-95 --speed 1 --strip --force --output "$folder/$1.png" "$folder/$1.png"
    blank "$folder/$1.png" "$4"
}

for width in 360 390 768 1280; do sideways "$width"; done
picture report-desktop 1280 1500 light
picture report-desktop-dark 1280 1500 dark
picture report-phone 390 1800 light
picture report-phone-dark 390 1800 dark

# The page for the night, on paper: what does not fit is not read at 3 a.m.
printed() { # name: docs/NAME.md with docs/NAME.css
    { printf '<!doctype html><html lang="en"><meta charset="utf-8"><title>%s</title><style>' "$1"
      cat "docs/$1.css"
      printf '</style>'
      cmark-gfm --extension table "docs/$1.md"; } >"$folder/$1.html"
    browser --no-pdf-header-footer --print-to-pdf="$folder/$1.pdf" "file://$folder/$1.html" >/dev/null
    pdfinfo "$folder/$1.pdf" >"$folder/$1.txt" || stop "docs/$1.md was not printed"
    grep -q '^Page size:.*(A4)$' "$folder/$1.txt" || stop "docs/$1.md is not printed on A4: $(grep '^Page size' "$folder/$1.txt")"
    local pages
    pages=$(sed -n 's/^Pages: *//p' "$folder/$1.txt")
    [ "$pages" = 1 ] || stop "docs/$1.md is printed on ${pages:-no} pages, not on one"
    pdftoppm -r 110 -png -singlefile "$folder/$1.pdf" "$folder/$1"
    pngquant --quality 70-95 --speed 1 --strip --force --output "$folder/$1.png" "$folder/$1.png"
    blank "$folder/$1.png" light
    say "docs/$1.md: one page of A4"
}
printed night

mkdir -p "$images"
mv "$folder"/report-*.png "$folder/night.png" "$images/"
echo "prove: report: 4 pictures, no page scrolls sideways at 360, 390, 768 and 1280 pixels; docs/night.md is one printed page"
