# The commands of everyday work. `make demo` and `make test` do all set-up they need.
# One build configuration (release) serves them all, so what one builds the next one finds.

PREFIX ?= /usr/local
SWIFT_BUILD = swift build -c release
LINTED = Package.swift Sources Tests $(wildcard Benchmarks)
SCRIPTS = $(shell grep -lsE '^\#!.*bash' scripts/* .ci/* Tests/*/run)

.PHONY: $(shell sed -n 's/^\([a-z-]*\):[^\#]*\#\#.*/\1/p' Makefile)

build: ## build .build/release/lightbox
	@scripts/bootstrap
	$(SWIFT_BUILD) --product lightbox
	$(SWIFT_BUILD) --product LightboxTorch

demo: build ## walk every step on made-up chest radiographs (DICOM=folder: on your own files)
	.build/release/lightbox demo --home demo $(if $(DICOM),--dicom "$(DICOM)")

test: ## run every test
	@scripts/bootstrap --tests
	swift test -c release --disable-xctest --disable-testable-imports $(if $(FILTER),--filter "$(FILTER)")

POSTGRES_SUITES = DatabaseTests|CatalogTests|WarehouseTests|GoogleSQLTests|DICOMStoreTests|ObjectStorageTests.Shared|DICOMwebTests.SearchTests|DICOMwebTests.StoreTests|DICOMNetworkTests.QueryTests|DICOMNetworkTests.StoringTests|PredictionsTablesTests|PredictionsSetTests|LabelsStageTests|PipelinesTests.WalkTests|ServerTests.Map
test-postgres: ## run the tests of what keeps tables again, on a PostgreSQL that they start
	@scripts/bootstrap --tests --postgres
	LIGHTBOX_TEST_ENGINE=postgres swift test -c release --disable-xctest --disable-testable-imports \
	    --filter "$(or $(FILTER),$(POSTGRES_SUITES))"

test-clients: build .venv-clients/installed ## drive the server with the clients that people use
	@scripts/bootstrap --tests --clients
	@for script in ml_v1 healthcare_v1 tensorflow_rest triton_v2 killed_server killed_archive dicomweb dimse dicom_results object_storage cloud_storage spread_objects bigquery_v2; do \
	    echo "== $$script"; .venv-clients/bin/python Tests/Clients/$$script.py .build/release/lightbox || exit 1; done

test-ranks: build ## train in two network namespaces and kill, stop and cut off one
	@scripts/bootstrap --ranks
	python3 Tests/Clients/ranks.py .build/release/lightbox

test-spark: build .venv-spark/installed ## run stages on a Spark cluster of two workers, and kill them (SPARK_CHECKS="embed cancelled")
	@scripts/bootstrap --spark
	.venv-spark/bin/python Tests/Spark/spark.py .build/release/lightbox $(SPARK_CHECKS)

test-slurm: build .venv-clients/installed ## run stages on a Slurm of two nodes, and kill them (SLURM_CHECKS="embed detached")
	@scripts/bootstrap --slurm
	python3 Tests/Slurm/slurm.py .build/release/lightbox $(SLURM_CHECKS)
	python3 Tests/Slurm/cluster.py .venv-clients/bin/python Tests/Clients/spread_objects.py .build/release/lightbox --runner slurm

soak: build .venv-clients/installed ## load a server for SOAK_SECONDS (600) and watch its memory
	.venv-clients/bin/python Tests/Clients/soak.py .build/release/lightbox $(SOAK_SECONDS)

test-browser: build ## drive the web pages in headless Chromium
	@scripts/bootstrap --browser
	Tests/Browser/run

lessons: build ## run the lessons and compare what comes with their pages (DATA=folder: on your own images; LESSONS="1-… 3-…")
	@scripts/bootstrap --lessons
	DATA="$(if $(DATA),$(abspath $(DATA)))" scripts/lessons $(LESSONS)

test-notebooks: build .venv-clients/installed ## run the notebooks of the lessons against a server
	.venv-clients/bin/python Tests/Lessons/notebooks.py .build/release/lightbox $(NOTEBOOKS)

test-lessons: lessons test-notebooks ## lessons, notebooks, and whether the commands that the documentation names exist
	scripts/check-commands .build/release/lightbox

docs: build .venv-docs/installed ## write the documentation and the library's reference as a site that needs no network, site/
	scripts/site/api .build/api
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict -f scripts/site/mkdocs.yml

test-deployment: build .venv-deployment/installed .venv-clients/installed ## check deploy/: manifests, units, the image's contents (as root), two servers
	@scripts/bootstrap --deployment
	Tests/Deployment/run
	python3 Tests/Clients/several_servers.py .build/release/lightbox
	.venv-clients/bin/python Tests/Clients/two_homes.py .build/release/lightbox

.venv-clients/installed: Tests/Clients/requirements.txt
.venv-docs/installed: scripts/site/requirements.txt
.venv-deployment/installed: Tests/Deployment/requirements.txt
.venv-spark/installed: Tests/Spark/requirements.txt
.venv-%/installed:
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --no-cache-dir -r $<
	@touch $@

image: build ## make the container image `lightbox` (DOCKER=podman)
	rm -rf deploy/dist
	scripts/install deploy/dist
	$(or $(DOCKER),docker) build --tag lightbox --file deploy/Containerfile deploy

bench: build ## measure Lightbox beside what people use now, in one run
	$(SWIFT_BUILD)
	Benchmarks/run

lint: ## layout, import layers, shell scripts
	swift format lint --strict --recursive --parallel $(LINTED)
	scripts/check-layers
	@if command -v shellcheck >/dev/null; then shellcheck --severity=error $(SCRIPTS); fi

fmt: ## settle the layout of every Swift file
	swift format --in-place --recursive --parallel $(LINTED)

fuzz: build ## feed damaged bytes to what reads files, the network and the web (FUZZ_SECONDS=300)
	@scripts/bootstrap --tests
	FUZZ_SECONDS=$(or $(FUZZ_SECONDS),300) scripts/fuzz

install: build ## copy lightbox and its libraries to PREFIX (/usr/local)
	scripts/install "$(DESTDIR)$(PREFIX)"

clean: ## remove what was built and the demo; keep what was downloaded
	rm -rf .build .build-fuzz demo lessons site

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1 /p' $(MAKEFILE_LIST) | while read -r name text; do printf 'make %-15s %s\n' "$$name" "$$text"; done
