/** What `--help` prints: every option of the commands' own help, which a test compares. */
export const USAGE = `sam2rad: segment medical images with SAM2 and Sam2Rad on WebGPU

  sam2rad segment IMAGE... [-m MODEL] [-o DIR] [--mode auto|manual] [--box x0,y0,x1,y1]
                  [--point x,y,label]... [--mask-input F.safetensors] [--multimask]
                  [--storage f32|f16|q8] [--compute f32|f16] [--memory-limit BYTES] [--image-size S]
                  [--tuning FILE | --no-tuning] [--dump F.safetensors] [--json]
  sam2rad convert IN -o OUT.safetensors [--dtype f32|f16|q8] [--image-size S] [--classes NAMES]
                  [--layout canonical|reference] [--base FILE]
  sam2rad info FILE [--image-size S] [--json]
  sam2rad train DATASET -m BASE -o OUT [--classes N|NAMES] [--train ppn|ppn+lora|ppn+lora+adapters]
                  [--tokens N] [--epochs N] [--batch N] [--lr X] [--clip N|none] [--augment none|mirror|full]
                  [--preprocess sam2rad|sam2|sam] [--query-deviation X] [--seed N]
                  [--val DIR|SHARE] [--group-by REGEX] [--checkpoint-every N] [--resume FILE]
                  [--layout canonical|reference] [--memory-limit BYTES] [--tuning FILE | --no-tuning] [--json]
  sam2rad eval DATASET [-m MODEL] [-o DIR] [--mode auto|box|point] [--base MODEL] [--classes N|NAMES]
                  [--model-classes LIST] [--group-by REGEX] [--spacing MM] [--tolerance T] [--worst N]
                  [--at picture|model] [--preprocess sam|sam2|sam2rad] [--image-size S] [--storage f32|f16|q8]
                  [--resamples N] [--seed N] [--tuning FILE | --no-tuning] [--json]
  sam2rad --help | --version

sam2rad COMMAND --help says more. For research, not for diagnosis.`;

export const SEGMENT_USAGE = `sam2rad segment IMAGE... [options]

Segments pictures (PNG, JPEG, WebP). For each IMAGE it writes <stem>_mask.png (class numbers, 8-bit grey, at
the picture's size), <stem>_overlay.png and <stem>.json (per class: IoU, object score, box, area).

  -m, --model MODEL       a converted model, or a checkpoint (.pt, .pth, .ckpt, .safetensors);
                          the demo model (SAM2 nano, trained on synthetic shapes) unless given
  -o, --output DIR        where to write; made if it is missing, the current folder unless given
      --mode auto|manual  auto: the model's own prompts, and yours after them. manual: yours alone.
                          auto unless given where the model has a prompt predictor
      --box x0,y0,x1,y1   a box around the object, in pixels of the picture
      --point x,y,label   a click: label 1 on the object, 0 on the background; may be repeated
      --mask-input FILE   safetensors with the tensor mask_input: logits [S/4, S/4] of an earlier result
      --storage S         how weights lie on the GPU: f32, f16 or q8 (8 bits); as in the file unless given, or
                          the first smaller one that fits the device
      --compute P         what products multiply in, summed in f32: f32 unless given, or f16 on a GPU that has it
      --memory-limit B    bytes that the model may take on the GPU, such as 500MB; what does not fit is
                          refused before it is loaded, with the next smaller choice
      --image-size S      side of the square that the model sees, a multiple of 64; the file's own unless given
      --tuning FILE       where the fastest kernels of this GPU are kept; tuned.json in the user's cache folder unless
                          given. One that is named is also used where the CPU computes
      --no-tuning         nothing is timed, default kernels compute
      --multimask         manual mode: three masks; <stem>_mask_1.png to _3.png beside the best one
      --dump FILE         also the intermediate tensors, f32 safetensors; of several pictures with <stem>. before
                          each name
      --json              one JSON object on standard output, nothing else

The same prompts go to every IMAGE. A picture that fails is reported and the others are done; the exit code
is then 1.`;

export const CONVERT_USAGE = `sam2rad convert IN -o OUT.safetensors [options]

Converts a checkpoint of SAM2, SAM, MedSAM, MobileSAM or Sam2Rad (.pt, .pth, .ckpt, .safetensors) to this
engine's safetensors. Nothing in IN is executed.

  -o, --output FILE       where to write; must end in .safetensors
      --dtype f32|f16|q8  how values are stored; f32 unless given. q8: matrices in 8 bits, the rest f16
      --image-size S      side of the square that the model sees, a multiple of 64; unless given what the
                          file says, or its family's (1024, nano 256)
      --classes NAMES     what a Sam2Rad model's classes are called, in order, with commas between them
      --layout L          canonical unless given. reference: exactly the keys and shapes of the authors' Lightning
                          state_dict, in f32, for a Sam2Rad model; PyTorch loads it with strict=True. What still
                          images do not need and IN lacks (SAM2's video memory) is zeros, which the file and a
                          note say
      --base FILE         with --layout reference: the original checkpoint, from which those tensors are taken`;

export const INFO_USAGE = `sam2rad info FILE [--image-size S] [--json]

Says what a checkpoint or converted model is: family, size, image size, classes, parameters, bytes by storage,
container and layout; and what it takes on a GPU, read off the recordings that would run: arithmetic to encode
a picture and for a click, bytes of weights and activations in each storage. Values are not read.

      --image-size S      as if the model saw squares of this side, a multiple of 64`;
