# Linking for Windows on arm64: as in the Makefile for MinGW, node.exe's functions are imported late, and delay_hook.cc
# says where they are.
DEFINES := $(shell node native/flags.js -Dwin32)
CXXFLAGS += $(DEFINES)
MINGW := $(dir $(ZIG))lib/libc/mingw
OBJECTS += $(OUT)/obj/native/cross/delay_hook.o $(OUT)/obj/delayimp.o

$(OUT)/obj/delayimp.o: $(MINGW)/misc/delayimp.c
	@mkdir -p $(@D)
	$(ZIG) cc -target $(TRIPLE) -O2 -g0 -w -I$(MINGW)/include -c -o $@ $<

$(OUT)/libnode.a: $(OUT)/node.def
	$(ZIG) dlltool -m arm64 -d $< -l $@

$(OUT)/version.res: native/win32/version.rc package.json
	x86_64-w64-mingw32-windres $(shell node native/version.js -D) -O res -o $@ $<

$(OUT)/framepipe.node: $(OBJECTS) $(OUT)/libnode.a $(OUT)/version.res $(OUT)/sources native/cross/delay-link.sh
	native/cross/delay-link.sh $(ZIG) $(TRIPLE) $@ $(OUT)/version.res $(OBJECTS) $(OUT)/libnode.a -ladvapi32

include native/cross/node-def.mk
