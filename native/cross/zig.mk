# The addon for a system other than this one, built with zig (zig.sh): `make -f native/cross/zig.mk TARGET=linux-arm64`,
# from the repository's root. Only what changed is compiled. prebuild.sh runs it.
OUT := build-$(TARGET)
TRIPLE.linux-x64 := x86_64-linux-gnu.2.28
TRIPLE.linux-arm64 := aarch64-linux-gnu.2.28
TRIPLE.linux-x64-musl := x86_64-linux-musl
TRIPLE.linux-arm64-musl := aarch64-linux-musl
TRIPLE.win32-arm64 := aarch64-windows-gnu
TRIPLE := $(TRIPLE.$(TARGET))
$(if $(TRIPLE),,$(error no such TARGET: $(TARGET)))

SYSTEM := $(if $(findstring win32,$(TARGET)),win32,posix)
SOURCES := $(shell node native/sources.js $(SYSTEM))
OBJECTS := $(SOURCES:%.cc=$(OUT)/obj/%.o)
API := node_modules/node-api-headers
INCLUDES := -Inative -isystem $(API)/include -isystem node_modules/node-addon-api -isystem $(UV_INCLUDE)
CXX := $(ZIG) c++ -target $(TRIPLE)
CXXFLAGS := $(shell node native/flags.js std lean warnings -Dnapi) -O2 -g0 -fPIC -fvisibility=hidden -Werror \
  -DBUILDING_NODE_EXTENSION -DNODE_GYP_MODULE_NAME=framepipe -ffile-prefix-map=$(CURDIR)/= $(INCLUDES)

all: $(OUT)/framepipe.node

$(OUT)/obj/%.o: %.cc native/cross/zig.mk native/flags.js
	@mkdir -p $(@D)
	@echo '  $<'
	@$(CXX) $(CXXFLAGS) -MMD -MP -c -o $@ $<

# Changes when a source comes or goes, so that the addon is linked again.
$(OUT)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(OBJECTS)' | cmp -s - $@ || echo '$(OBJECTS)' >$@

include native/cross/zig-$(SYSTEM).mk

.PHONY: all FORCE
.DELETE_ON_ERROR:
-include $(OBJECTS:.o=.d)
