# limner: `make demo` and `make test` include all set-up. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PAGE := src/limner/_web/index.html
# Of all sizes, besides the engine: the two fastest rivals on WebGPU, the fastest on WebGL, and the reference.
RECORDED := limner-webgpu limner-webgl2 limner-node litert-webgpu jax-webgpu tfjs-webgl ort-wasm
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/.cache/*' -not -path '*/dist/*' 2>/dev/null)
export LIMNER_CHROMIUM := $(shell scripts/browser --find)

.DEFAULT_GOAL := help
.PHONY: help demo test check fix setup web docs pictures wheel clean bench-training bench-browser

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: setup ## Draw pictures, train for up to three minutes, serve the page
	$(BIN)/limner demo

test: setup browser ## Run all tests: Python, TypeScript, and the page in a real browser
	scripts/check
	scripts/test

check: setup ## Run the fast subset: linters, types, quick tests (two to three minutes)
	scripts/check
	scripts/test --fast

fix: setup ## Format, and fix what the linters can fix
	$(BIN)/ruff check --fix -q src tests scripts runs hatch_build.py
	$(BIN)/ruff format src tests scripts runs hatch_build.py
	cd web && npx biome check --write .

setup: $(VENV)/.installed $(PAGE) ## Set up the virtual environment and build the page

web: $(PAGE) ## Build the page

docs: setup ## Regenerate the command reference and the picture of the folders
	$(BIN)/python scripts/reference.py
	$(BIN)/python scripts/folders.py

bench-training: setup ## Benchmark training: throughput for each size and discriminator width
	$(BIN)/limner bench training --out docs/benchmarks

bench-browser: setup browser web/dist/bench/index.html ## Benchmark engines in the browser, as recorded
	$(BIN)/limner bench browser --quick --rivals $(RECORDED) --out docs/benchmarks
	$(BIN)/limner bench browser --quick --sizes small --out docs/benchmarks/twelve

pictures: setup ## Remake the docs' pictures: PAGE=folder CLIP=clip LOOK=file-in-page LOOKS="LOOK=CLIP@SECONDS ..."
	$(BIN)/python scripts/show.py page $(PAGE) $(CLIP) docs/pictures/page.jpg $(LOOK)
	$(BIN)/python scripts/show.py film $(PAGE) $(CLIP) docs/pictures/film.webp $(LOOK)
	$(BIN)/python scripts/show.py rows docs/pictures/paintings.jpg $(LOOKS)
	$(BIN)/python scripts/show.py strokes docs/pictures/strokes.jpg

wheel: web ## Build the wheel, including the page
	$(BIN)/pip wheel --no-deps -w dist .

clean: ## Remove everything that was built
	rm -rf $(VENV) .import_linter_cache web/node_modules web/dist src/limner/_web src/limner/_web_lab src/limner/page/engine.json src/limner/page/train-step.mjs dist build

.PHONY: browser
browser:
	@scripts/browser >/dev/null

$(VENV)/.installed: pyproject.toml constraints.txt
	scripts/python-check $(PYTHON)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev,bench]'
	touch $@

web/node_modules/.installed: web/package.json web/package-lock.json
	scripts/node-check
	cd web && npm ci --no-audit --no-fund
	touch $@

web/dist/bench/index.html: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run bench:build
	touch $@

$(PAGE): web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run build
	touch $@
